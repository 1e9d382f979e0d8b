backend default { .host = "127.0.0.1"; .port = "8080"; }
# A request that built-in VCL does not know, PURGE among them, is piped by its vcl_recv (that of Varnish 3 as well as that
# of 7.1) before vcl_hit and vcl_miss could see it. So one statement is added here.
sub vcl_recv {
    if (req.request == "PURGE") { return (lookup); }
}
#{ 001_0c24fc0c3e9c0974 37-71
    import peer;

    sub vcl_init {
      peer.set("127.0.0.1",80);
    }

    sub vcl_recv {
      if (req.url == "/status") {
        error 200 "Status";
      }
    }

    sub vcl_error {
      if (obj.status == 200 && req.url == "/status") {
        synthetic {" Pending peer requests: "} + peer.pending() + {"
        "};
        return (deliver);
      }
    }

    sub vcl_hit {
      if (req.request == "PURGE") {
        purge;
        peer.queue_req();
        error 200, "Purged.";
      }
    }

    sub vcl_miss {
      if (req.request == "PURGE") {
        purge;
        peer.queue_req();
        error 404, "Not found";
      }
    }
#}
