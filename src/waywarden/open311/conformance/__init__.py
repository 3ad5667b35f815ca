"""Judges any Open311 server, check by check, in sentences for the people who run it. No Django."""
