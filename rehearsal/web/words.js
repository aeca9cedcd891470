// The page's own words. Names of people and chats come from the server.

const WORDS = {
  "zh-CN": {
    product: "守口", tagline: "演练", whoAmI: "我是谁", role_member: "成员", role_administrator: "群管理员", role_supervisor: "保密监督员",
    play: "播放样例工作日", stop: "停止", ready: "准备开始…", finished: "样例工作日已播完。可以自己试试：以成员身份发一条带“机密★10年”的消息。",
    hintTitle: "这是什么？", hint: "这是一个本地演练环境，外观像聊天软件，不连接任何外部网络。机器人“守口”正在守护这里的工作群：涉密标志、工作秘密、身份证号、密钥一旦发出，会在一秒内被撤下并换成遮盖后的副本，监督员随即收到事件卡片。",
    hint1: "在左上角切换身份", hint2: "发送文字、图片或文件", hint3: "或播放一分钟的样例工作日", dismiss: "知道了", help: "说明",
    beside: "并排显示监督员", chats: "聊天", facts: "聊天信息", back: "返回", newGroup: "新建群组", search: "搜索聊天",
    private: "与机器人的私聊", group: "普通群", supergroup: "超级群", channel: "频道", forum: "话题群", members: "{n} 位成员", subscribers: "频道", bot: "机器人",
    start: "开始", startHint: "还没有和机器人说过话。按“开始”后，它才能私下给你发消息。", empty: "还没有消息", noChat: "请选择一个聊天",
    write: "输入消息…", writeAs: "以{name}的身份输入…", broadcast: "发布频道消息…", send: "发送", attach: "添加附件", photos: "图片", document: "文件", poll: "投票", contact: "名片", asFile: "作为文件发送", removeFile: "移除 {name}",
    sendAs: "发送身份", asSelf: "本人", asAnonymous: "匿名管理员", asChannel: "频道", allTopics: "全部", general: "常规", newTopic: "新建话题", topicName: "话题名称",
    reply: "回复", quote: "引用选中文字", edit: "编辑", remove: "删除", forward: "转发", copy: "复制文字", actions: "消息操作", editing: "编辑消息", replying: "回复 {name}", cancel: "取消", ok: "确定", save: "保存",
    edited: "已编辑", forwardedFrom: "转发自 {name}", anonymous: "匿名管理员", photo: "图片", video: "视频", voice: "语音", sticker: "贴纸", album: "相册", file: "文件",
    vanished: "{name} 的消息可见 {n} 秒后被撤下", vanishedLong: "{name} 的消息被撤下", vanishedTip: "演练页面的旁注，聊天软件里没有这一行。为便于看清，消失动画在本页略有放慢。",
    you: "你：", forwardTo: "转发到…", pollQuestion: "问题", pollOptions: "选项，每行一个", contactName: "姓名", contactPhone: "电话", groupTitle: "群组名称", isForum: "带话题（超级群）",
    botHere: "守口在本群的状态", status_administrator: "管理员", status_member: "普通成员", status_left: "不在群里", status_kicked: "已被移出", status_creator: "群主",
    addBot: "把机器人加入本群", removeBot: "移出机器人", admin: "管理员身份", canDelete: "删除消息", canRestrict: "限制成员", adminOnly: "只有群管理员可以更改机器人的权限。可切换为 {name}。", migrate: "升级为超级群", linked: "关联频道", linkedGroup: "关联群组", topics: "话题",
    lost: "连接中断，正在重连…", back_online: "已重新连接", copied: "已复制", drop: "松开即可添加", close: "关闭", confirmDelete: "删除这条消息？", asPerson: "身份：", options: "投票", unread: "{n} 条未读", picture: "查看图片",
  },
  en: {
    product: "Shoukou", tagline: "Rehearsal", whoAmI: "Who am I", role_member: "Member", role_administrator: "Group admin", role_supervisor: "Supervisor",
    play: "Play a sample day", stop: "Stop", ready: "About to begin…", finished: "The sample day is over. Try it yourself: as a member, post a message with “机密★10年” in it.",
    hintTitle: "What am I looking at?", hint: "A rehearsal on this machine that looks like a chat and reaches no outside network. The bot Shoukou guards the work groups here: secrecy marks, work secrets, identity numbers and keys are taken down within a second, a masked copy takes their place, and the supervisors get a case card.",
    hint1: "Choose who you are, above", hint2: "Post a text, a picture or a file", hint3: "Or play a sample day of one minute", dismiss: "Got it", help: "Help",
    beside: "Supervisors beside", chats: "Chats", facts: "Chat details", back: "Back", newGroup: "New group", search: "Search chats",
    private: "private chat with the bot", group: "group", supergroup: "supergroup", channel: "channel", forum: "forum", members: "{n} members", subscribers: "channel", bot: "bot",
    start: "Start", startHint: "You have not talked to the bot yet. Only after “Start” may it write to you privately.", empty: "No messages yet", noChat: "Choose a chat",
    write: "Write a message…", writeAs: "Write as {name}…", broadcast: "Broadcast…", send: "Send", attach: "Attach", photos: "Pictures", document: "File", poll: "Poll", contact: "Contact", asFile: "Send as file", removeFile: "Remove {name}",
    sendAs: "Send as", asSelf: "Myself", asAnonymous: "Anonymous admin", asChannel: "Channel", allTopics: "All", general: "General", newTopic: "New topic", topicName: "Topic name",
    reply: "Reply", quote: "Quote selection", edit: "Edit", remove: "Delete", forward: "Forward", copy: "Copy text", actions: "Message actions", editing: "Edit message", replying: "Reply to {name}", cancel: "Cancel", ok: "OK", save: "Save",
    edited: "edited", forwardedFrom: "Forwarded from {name}", anonymous: "Anonymous admin", photo: "Picture", video: "Video", voice: "Voice message", sticker: "Sticker", album: "Album", file: "File",
    vanished: "{name}’s message was visible for {n} s, then taken down", vanishedLong: "{name}’s message was taken down", vanishedTip: "A note of this rehearsal page; a real chat shows no such line. The vanishing is slowed down a little here so that you can see it.",
    you: "You: ", forwardTo: "Forward to…", pollQuestion: "Question", pollOptions: "Options, one a line", contactName: "Name", contactPhone: "Phone", groupTitle: "Group name", isForum: "With topics (supergroup)",
    botHere: "Shoukou in this chat", status_administrator: "administrator", status_member: "plain member", status_left: "not in this chat", status_kicked: "removed", status_creator: "owner",
    addBot: "Add the bot to this group", removeBot: "Remove the bot", admin: "Administrator", canDelete: "Delete messages", canRestrict: "Restrict members", adminOnly: "Only a group administrator can change the bot’s rights. Switch to {name}.", migrate: "Upgrade to a supergroup", linked: "Linked channel", linkedGroup: "Linked group", topics: "Topics",
    lost: "Connection lost, trying again…", back_online: "Connected again", copied: "Copied", drop: "Drop to attach", close: "Close", confirmDelete: "Delete this message?", asPerson: "As: ", options: "Poll", unread: "{n} unread", picture: "View picture",
  },
};

let current = WORDS["zh-CN"];

export function setLanguage(language) {
  current = WORDS[language] ?? WORDS.en;
}

/** Say a word or sentence, with {name} places filled in. */
export function t(key, places = {}) {
  return (current[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => places[name] ?? "");
}
