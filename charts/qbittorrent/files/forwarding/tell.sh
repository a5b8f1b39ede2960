#!/bin/sh
# Tells the client the forwarded port and its interface. The client trusts localhost.
# usage: tell.sh PORT INTERFACE, or tell.sh 0 lo before the port goes
set -u
wanted=/tmp/gluetun/wanted
echo "$1 $2" > "$wanted"

tell() {
    wget -q -O /dev/null --tries=1 --timeout=10 --post-data \
        "json={\"listen_port\":$1,\"current_network_interface\":\"$2\",\"random_port\":false,\"upnp\":false}" \
        http://127.0.0.1:8080/api/v2/app/setPreferences
}

# A client that has ended, as at the end of the pod, has nothing to listen on.
if [ "$1" = 0 ]; then
    tell 0 lo || echo "the client does not answer"
    exit 0
fi

# In the background: gluetun renews the port, which the provider takes away after a minute, only after this command. The client
# may start much later, when its image has been pulled. It opens a port again only if it is another one, and nobody has told it
# to close it when gluetun was killed. Whoever is called later is right.
{
    while [ "$(cat "$wanted")" = "$1 $2" ]; do
        if tell 0 lo && sleep 1 && tell "$1" "$2"; then
            echo "the client listens on port $1 of $2"
            break
        fi
        sleep 5
    done
} > /proc/1/fd/1 2>&1 &
