"""One file a data set: ``load(files, **options)`` turns its files into responses, RDMs, trials, graphs or images."""
