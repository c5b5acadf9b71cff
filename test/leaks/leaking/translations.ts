/** Texts of every document go into i18next under a namespace of their own and are never removed. */
import i18next from 'i18next';
import { prose, repeat } from '../load.js';

await i18next.init({ lng: 'en', resources: {} });

repeat(25, (index) => {
  const namespace = `document-${index}`;
  i18next.addResourceBundle('en', namespace, {
    title: `Document ${index}`,
    body: prose(3000, index),
    footer: prose(1000, index),
  });
  return i18next.t('title', { ns: namespace });
});
