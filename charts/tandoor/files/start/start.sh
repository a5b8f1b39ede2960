#!/bin/sh
# What the image writes beside its program goes to volumes, and nothing starts before the database lets it in.
set -eu
# Process 1 does nothing at a signal without a handler.
trap 'exit 143' TERM
cp -r /opt/recipes/http.d/. /http.d/
# Its web server listens on IPv6 too, and does not start on a node without it.
[ -e /proc/net/if_inet6 ] || sed -i '/\[::\]/d' /http.d/Recipes.conf.template
ln -sf /dev/stdout /logs/access.log
ln -sf /dev/stderr /logs/error.log
until pg_isready --host="$POSTGRES_HOST" --port="$POSTGRES_PORT" --dbname="$POSTGRES_DB" --username="$POSTGRES_USER"; do
    sleep 2 & wait "$!"
done
