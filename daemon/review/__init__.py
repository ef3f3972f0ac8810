"""A page on 127.0.0.1 on which a person corrects one transcript; a process of its own."""
