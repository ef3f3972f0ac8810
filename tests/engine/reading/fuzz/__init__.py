"""Faults of ten kinds put into real and made transcripts, and the promises that reading keeps."""
