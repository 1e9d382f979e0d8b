vcl 4.1;

# Two servers that are probed every 5 s.
# MISTAKE: .initial = 0 and a threshold of 8 out of 8: after every start it takes 8 probes, 40 s, before anybody
# is asked, and a single lost probe takes a server out for as long.

import directors;

probe health { .url = "/health"; .interval = 5s; .timeout = 1s; .initial = 0; .window = 8; .threshold = 8; }

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
