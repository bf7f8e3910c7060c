// html-validate's recommended and accessibility rules, without those that only concern style.
export default {
  root: true,
  extends: ["html-validate:recommended", "html-validate:a11y"],
  rules: {
    "doctype-style": "off", // <!doctype html> is as valid in lower case
    "no-implicit-button-type": "off", // a button that says nothing submits its form, which is what every button here is for
    "no-implicit-input-type": "off", // a field that says nothing is a text field
    "tel-non-breaking": "off", // a telephone number may break between its groups: at 400 % zoom it has to
    "long-title": ["error", { maxlength: 200 }], // a name of a person is as long as it is
    "form-dup-name": ["error", { shared: ["radio", "checkbox", "button", "reset", "submit"] }], // boxes of one question share its name
  },
};
