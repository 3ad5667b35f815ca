// The button for passkeys shows where the browser knows them.
const button = document.getElementById("passkey_login");
if (button && window.PublicKeyCredential) button.hidden = false;
