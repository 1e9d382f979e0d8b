vcl 4.1;

# A small server first, a large one when that cannot.
# The first takes as many requests as it can bear, which is more than there are clients.

import directors;

probe health { .url = "/health"; .interval = 2s; .timeout = 1s; .window = 4; .threshold = 2; }

backend small { .host = "10.0.0.1"; .port = "8080"; .probe = health; .max_connections = 400; }
backend large { .host = "10.0.0.2"; .port = "8080"; .probe = health; }

sub vcl_init {
    new app = directors.fallback();
    app.add_backend(small);
    app.add_backend(large);
}

sub vcl_recv {
    set req.backend_hint = app.backend();
    return (pass);
}
