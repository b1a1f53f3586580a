"""The axes of population activity: principal, targeted, shared between areas, and how decoding carries over time."""
