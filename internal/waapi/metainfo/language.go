package metainfo

import "strings"

// language is one that Meta takes templates in.
type language struct {
	Name string `json:"name"`
	Code string `json:"code"`
}

// languageTable is Meta's list by name.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/supported-languages
// (read 2026-09)
const languageTable = `Afrikaans=af, Albanian=sq, Arabic=ar, Arabic (EGY)=ar_EG, Arabic (UAE)=ar_AE, Arabic (LBN)=ar_LB, Arabic (MAR)=ar_MA,
Arabic (QAT)=ar_QA, Azerbaijani=az, Belarusian=be_BY, Bengali=bn, Bengali (IND)=bn_IN, Bulgarian=bg, Catalan=ca,
Chinese (CHN)=zh_CN, Chinese (HKG)=zh_HK, Chinese (TAI)=zh_TW, Croatian=hr, Czech=cs, Danish=da, Dari=prs_AF, Dutch=nl,
Dutch (BEL)=nl_BE, English=en, English (UK)=en_GB, English (US)=en_US, English (UAE)=en_AE, English (AUS)=en_AU,
English (CAN)=en_CA, English (GHA)=en_GH, English (IRL)=en_IE, English (IND)=en_IN, English (JAM)=en_JM,
English (MYS)=en_MY, English (NZL)=en_NZ, English (QAT)=en_QA, English (SGP)=en_SG, English (UGA)=en_UG,
English (ZAF)=en_ZA, Estonian=et, Filipino=fil, Finnish=fi, French=fr, French (BEL)=fr_BE, French (CAN)=fr_CA,
French (CHE)=fr_CH, French (CIV)=fr_CI, French (MAR)=fr_MA, Georgian=ka, German=de, German (AUT)=de_AT,
German (CHE)=de_CH, Greek=el, Gujarati=gu, Hausa=ha, Hebrew=he, Hindi=hi, Hungarian=hu, Indonesian=id, Irish=ga,
Italian=it, Japanese=ja, Kannada=kn, Kazakh=kk, Kinyarwanda=rw_RW, Korean=ko, Kyrgyz (Kyrgyzstan)=ky_KG, Lao=lo,
Latvian=lv, Lithuanian=lt, Macedonian=mk, Malay=ms, Malayalam=ml, Marathi=mr, Norwegian=nb, Pashto=ps_AF, Persian=fa,
Polish=pl, Portuguese (BR)=pt_BR, Portuguese (POR)=pt_PT, Punjabi=pa, Romanian=ro, Russian=ru, Serbian=sr,
Sinhala=si_LK, Slovak=sk, Slovenian=sl, Spanish=es, Spanish (ARG)=es_AR, Spanish (CHL)=es_CL, Spanish (COL)=es_CO,
Spanish (CRI)=es_CR, Spanish (DOM)=es_DO, Spanish (ECU)=es_EC, Spanish (HND)=es_HN, Spanish (MEX)=es_MX,
Spanish (PAN)=es_PA, Spanish (PER)=es_PE, Spanish (SPA)=es_ES, Spanish (URY)=es_UY, Swahili=sw, Swedish=sv, Tamil=ta,
Telugu=te, Thai=th, Turkish=tr, Ukrainian=uk, Urdu=ur, Uzbek=uz, Vietnamese=vi, Zulu=zu`

func languages() []language {
	var list []language
	for entry := range strings.SplitSeq(languageTable, ",") {
		name, code, _ := strings.Cut(strings.TrimSpace(entry), "=")
		list = append(list, language{name, code})
	}
	return list
}

// languageCode returns Meta's code for a name or a code, in any letter case and
// with - for _. What is neither is returned as it is: Meta may know it.
func languageCode(word string) string {
	code := strings.ReplaceAll(word, "-", "_")
	for _, l := range languages() {
		if strings.EqualFold(l.Name, word) || strings.EqualFold(l.Code, code) {
			return l.Code
		}
	}
	return word
}

type languageList struct {
	Languages []language `json:"languages"`
}

// Languages lists the languages that Meta takes templates in.
func Languages() Answer { return Answer{Data: languageList{languages()}} }

type categoryList struct {
	Categories []string `json:"categories"`
}

// Categories lists the categories of templates.
func Categories() Answer { return Answer{Data: categoryList{categories()}} }
