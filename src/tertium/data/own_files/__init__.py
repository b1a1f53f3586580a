"""A user's own files, whose arrays nobody here has named: images, responses, dissimilarities."""
