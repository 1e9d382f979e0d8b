vcl 4.1;

# Images are spread over three servers by URL, so that each caches its own.
# MISTAKE: a retry has the same URL, and so it comes to the same server: three tries fail where one somewhere else
# would have done.

import directors;

probe alive { .url = "/alive"; .interval = 5s; .timeout = 1s; .window = 8; .threshold = 3; }

backend img1 { .host = "10.0.0.1"; .port = "8080"; .probe = alive; }
backend img2 { .host = "10.0.0.2"; .port = "8080"; .probe = alive; }
backend img3 { .host = "10.0.0.3"; .port = "8080"; .probe = alive; }

sub vcl_init {
    new by_url = directors.hash();
    by_url.add_backend(img1, 1.0);
    by_url.add_backend(img2, 1.0);
    by_url.add_backend(img3, 1.0);
}

sub vcl_recv {
    if (req.method != "GET" && req.method != "HEAD") {
        return (synth(405));
    }
    set req.backend_hint = by_url.backend(req.url);
}

sub vcl_backend_error {
    if (bereq.retries < 2) {
        return (retry);
    }
}
