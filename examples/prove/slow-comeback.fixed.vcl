vcl 4.1;

# Two servers behind a firewall that counts connections: they are probed once a minute.
# Two of the last three must be good: one lost probe is forgiven, and two good ones bring a server back.

import directors;

probe rare { .url = "/health"; .expected_response = 204; .interval = 60s; .timeout = 2s;
             .window = 3; .threshold = 2; .initial = 3; }

backend app1 { .host = "10.0.0.1"; .port = "8080"; .probe = rare; }
backend app2 { .host = "10.0.0.2"; .port = "8080"; .probe = rare; }

sub vcl_init {
    new app = directors.random();
    app.add_backend(app1, 10);
    app.add_backend(app2, 10);
}

sub vcl_recv {
    set req.backend_hint = app.backend();
}
