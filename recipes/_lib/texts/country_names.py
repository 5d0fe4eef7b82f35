"""The countries of the data set `places` in Chinese."""

# fmt: off
CHINESE = {
    "Australia": "澳大利亚", "Brazil": "巴西", "Canada": "加拿大", "Ivory Coast": "科特迪瓦", "China": "中国",
    "Germany": "德国", "Spain": "西班牙", "France": "法国", "United Kingdom": "英国", "Indonesia": "印度尼西亚",
    "India": "印度", "Italy": "意大利", "Mexico": "墨西哥", "Philippines": "菲律宾", "Poland": "波兰",
    "Romania": "罗马尼亚", "Russia": "俄罗斯", "Turkey": "土耳其", "Ukraine": "乌克兰", "United States": "美国",
}
# fmt: on
