"""Adapter for systems that exchange CSV files over a folder or SFTP."""
