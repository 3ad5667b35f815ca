"""Open311 GeoReport v2 with the update extension: types, codecs, client, server. No Django."""
