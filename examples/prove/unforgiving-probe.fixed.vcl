vcl 4.1;

# Two servers that are probed every 5 s.
# The first good probe is enough after a start, and it takes several bad ones to be taken out.

import directors;

probe health { .url = "/health"; .interval = 5s; .timeout = 1s; .initial = 2; .window = 8; .threshold = 3; }

backend app1 { .host = "10.0.0.1"; .port = "8080"; .probe = health; }
backend app2 { .host = "10.0.0.2"; .port = "8080"; .probe = health; }

sub vcl_init {
    new app = directors.round_robin();
    app.add_backend(app1);
    app.add_backend(app2);
}

sub vcl_recv {
    set req.backend_hint = app.backend();
    return (pass);
}
