vcl 4.1;

# varnishd as a cache: the built-in VCL, which would pass for the cookies that a browser sends.
backend origin {
    .host = "127.0.0.1";
    .port = "@origin@";
}

sub vcl_recv {
    unset req.http.Cookie;
}
