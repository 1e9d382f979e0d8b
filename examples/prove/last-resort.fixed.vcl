vcl 4.1;

# A shop, and a static copy of it that answers when the shop cannot.
# The last resort runs on a machine of its own.

import directors;

probe health { .url = "/health"; .interval = 2s; .timeout = 1s; .window = 4; .threshold = 2; }

backend shop { .host = "10.0.0.1"; .port = "8080"; .probe = health; }
backend static_copy { .host = "10.0.9.1"; .port = "8081"; .probe = health; }

sub vcl_init {
    new app = directors.fallback();
    app.add_backend(shop);
    app.add_backend(static_copy);
}

sub vcl_recv {
    set req.backend_hint = app.backend();
    return (pass);
}

sub vcl_backend_error {
    if (bereq.retries < 2 && bereq.method ~ "^(GET|HEAD)$") {
        return (retry);
    }
}
