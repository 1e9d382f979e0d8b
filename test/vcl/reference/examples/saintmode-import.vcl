vcl 4.1;
#{ 002_d97fb6d4e3e79f59 65-65
import saintmode;
#}
backend default { .host = "127.0.0.1"; .port = "8080"; }
