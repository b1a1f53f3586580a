"""Many tasks for one network: the sets of Yang et al. 2019 and Driscoll et al. 2024."""
