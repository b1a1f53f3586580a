"""Readouts of convolutional layers: where in the image, and what there."""
