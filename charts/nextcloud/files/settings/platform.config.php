<?php
// Nextcloud reads it over config.php, which the installer writes and which holds the instance's own secrets. What stands
// here cannot be changed by occ or in the web interface. An instance with a file in this folder gets none of the image's.
$CONFIG = [
    'trusted_domains' => explode(' ', getenv('NEXTCLOUD_TRUSTED_DOMAINS')),
    // Whose word on the client's address counts.
    'trusted_proxies' => explode(' ', getenv('TRUSTED_PROXIES')),
    'forwarded_for_headers' => ['HTTP_X_FORWARDED_FOR'],
    // Without it the login leads to http and back for ever.
    'overwriteprotocol' => 'https',
    'overwritehost' => getenv('OVERWRITEHOST'),
    // Links that the cron job and occ make.
    'overwrite.cli.url' => getenv('OVERWRITECLIURL'),
    'htaccess.RewriteBase' => '/',
    // Within a pod; between pods the same key would mean different things.
    'memcache.local' => '\OC\Memcache\APCu',
    'memcache.distributed' => '\OC\Memcache\Redis',
    'memcache.locking' => '\OC\Memcache\Redis',
    'redis' => [
        'host' => getenv('CACHE_HOST'),
        'port' => 6379,
        'password' => getenv('CACHE_PASSWORD'),
    ],
    // The program's own apps are replaced by an upgrade, and those that were added are kept.
    'apps_paths' => [
        ['path' => '/var/www/html/apps', 'url' => '/apps', 'writable' => false],
        ['path' => '/var/www/html/custom_apps', 'url' => '/custom_apps', 'writable' => true],
    ],
    // The image upgrades at its start; the updater of the web interface would fight with it.
    'upgrade.disable-web' => true,
    // The group of the volume may read it, and the group is Nextcloud's own.
    'check_data_directory_permissions' => false,
    // Hour, in UTC, from which heavy jobs may run.
    'maintenance_window_start' => 1,
];
if (getenv('NEXTCLOUD_PHONE_REGION')) {
    $CONFIG['default_phone_region'] = getenv('NEXTCLOUD_PHONE_REGION');
}
