vcl 4.1;

# varnishd as a pass-through proxy: nothing is looked up or cached.
backend origin {
    .host = "127.0.0.1";
    .port = "@origin@";
}

sub vcl_recv {
    return (pass);
}
