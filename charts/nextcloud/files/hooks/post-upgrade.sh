#!/bin/sh
# What a new version wants of the database, and an upgrade leaves to the administrator.
set -eu
php /var/www/html/occ db:add-missing-columns
php /var/www/html/occ db:add-missing-indices
php /var/www/html/occ db:add-missing-primary-keys
