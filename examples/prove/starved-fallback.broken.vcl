vcl 4.1;

# A small server first, a large one when that cannot.
# MISTAKE: a full backend is not a sick one. The director goes on choosing the first, which takes only two requests
# at a time, and the others get 503 although the second has nothing to do.

import directors;

probe health { .url = "/health"; .interval = 2s; .timeout = 1s; .window = 4; .threshold = 2; }

backend small { .host = "10.0.0.1"; .port = "8080"; .probe = health; .max_connections = 2; }
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
