#!/bin/sh
# Background jobs are the CronJob's.
set -eu
php /var/www/html/occ background:cron
