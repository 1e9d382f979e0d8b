vcl 4.1;

# Sessions live in the memory of one application server, so its cookie leads back to it.
# MISTAKE: the cookie wins even when its server is known to be sick: such users get 503, although the other
# server is well.

import directors;

probe health {
    .url = "/health";
    .interval = 2s;
    .timeout = 1s;
    .window = 4;
    .threshold = 2;
}

backend app1 { .host = "10.0.0.1"; .port = "8080"; .probe = health; }
backend app2 { .host = "10.0.0.2"; .port = "8080"; .probe = health; }

sub vcl_init {
    new app = directors.hash();
    app.add_backend(app1, 1.0);
    app.add_backend(app2, 1.0);
}

sub vcl_recv {
    if (req.http.Cookie ~ "server=app1") {
        set req.backend_hint = app1;
    } elseif (req.http.Cookie ~ "server=app2") {
        set req.backend_hint = app2;
    } else {
        set req.backend_hint = app.backend(req.url);
    }
    return (pass);
}
