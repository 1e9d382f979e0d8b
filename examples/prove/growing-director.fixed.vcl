vcl 4.1;

# A second server takes part of the load.
# Members are added once.

import directors;

probe health { .url = "/health"; .interval = 2s; .timeout = 1s; .window = 4; .threshold = 2; }

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
