"""Trajectories to numbers: one pass over each, one netCDF file out."""
