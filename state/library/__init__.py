"""The library: passages of finished transcripts and their index, in a database of its own.

Everything in it is made from finished work, so it may be deleted at any time and is built again.
"""
