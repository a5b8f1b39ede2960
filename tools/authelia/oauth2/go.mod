module authelia.com/provider/oauth2

go 1.27.0
