vcl 4.1;
#{ 003_66763a67b75656ab 9-9
       import directors from "path" ;
#}
backend default { .host = "127.0.0.1"; .port = "8080"; }
