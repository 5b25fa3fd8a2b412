#!/bin/sh
# Debian's Postfix and Dovecot for the tests of mail: installed where that is allowed, and started by nobody but the tests.
set -eu

PACKAGES="postfix dovecot-core dovecot-imapd dovecot-lmtpd dovecot-sieve"
POLICY=/usr/sbin/policy-rc.d

are_here() {
    test -x /usr/lib/postfix/sbin/master && test -x /usr/lib/dovecot/imap && test -x /usr/lib/dovecot/lmtp \
        && test -e /usr/lib/dovecot/modules/lib90_sieve_plugin.so
}

install_them() {
    if ! test -e "$POLICY"; then  # Debian's own way to say that what is installed is not to be started
        trap 'rm -f "$POLICY"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$POLICY"
        chmod 755 "$POLICY"
    fi
    apt-get update -qq
    echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
    # Another mail server that would have to go for it stays, and the tests are skipped.
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends --no-remove $PACKAGES >/dev/null
}

if test "$(id -u)" != 0; then
    echo "Only root can start Postfix and Dovecot: the tests against real mail servers are skipped."
elif ! are_here; then
    echo "Installing Postfix and Dovecot for the tests of mail..."
    { command -v apt-get >/dev/null && install_them; } \
        || echo "They may not be installed here: the tests against real mail servers are skipped. apt-get install $PACKAGES"
fi
