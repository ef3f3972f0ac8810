"""A model learns from what its user corrected: data, training, measurement, a folder of its own."""
