"""Where the files of a data set come from: the tables, the folders on this machine, the public sources."""
