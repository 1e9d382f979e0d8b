vcl 4.1;

# Exports take long.
# MISTAKE: a server that hangs, and is not probed, holds its clients for an hour each.

backend exports { .host = "10.0.0.1"; .port = "8080"; .first_byte_timeout = 3600s; }
