"""Estimators of noise ceilings, one a file: each takes repeats (or subjects) and returns `estimate.Estimate`.

`tertium.compare.ceiling` is the front; `definitions.DEFINITIONS` says what each is a ceiling of and what it assumes.
"""
