"""Choices and reaction times as functions of the stimulus: psychometric functions, diffusion to bounds."""
