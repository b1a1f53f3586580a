"""Verbs that list what there is, and describe one of it: models, rules, tasks."""
