"""The real daemon with real files, and a model child that misbehaves when it is told to."""
