"""People: accounts known by their e-mail address, mailed links, bans."""
