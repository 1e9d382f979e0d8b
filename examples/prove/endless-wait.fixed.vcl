vcl 4.1;

# Exports take long.
# Whoever does not answer within a minute will not.

backend exports { .host = "10.0.0.1"; .port = "8080"; .first_byte_timeout = 60s; }
