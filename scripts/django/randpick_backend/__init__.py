"""A database backend for Django's own tests: PostgreSQL's, where slices are random and checked."""
