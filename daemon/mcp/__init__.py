"""The library for other programs, through the Model Context Protocol: read only, on stdio."""
