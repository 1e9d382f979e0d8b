vcl 4.1;

# Two servers behind a firewall that counts connections: they are probed once a minute.
# MISTAKE: all of the last 10 probes must be good. A switch that is restarted takes both servers out with one lost
# probe each, and although they have never failed, nobody asks them for the next ten minutes.

import directors;

probe rare { .url = "/health"; .expected_response = 204; .interval = 60s; .timeout = 2s;
             .window = 10; .threshold = 10; .initial = 10; }

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
